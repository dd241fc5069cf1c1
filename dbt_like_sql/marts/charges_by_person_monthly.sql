{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with rated as (

    select
        *,
        cast(date_trunc('month', local_date) as date) as local_month
    from {{ ref('int_messages_rated') }}

),

-- Rounded once, half up, when all of the month is summed.
charged as (

    select
        local_month,
        person_id,
        cost_centre,
        sum(case when usage_type = 'message' then 1 else 0 end) as messages,
        sum(case when usage_type = 'file_transfer' then 1 else 0 end) as file_transfers,
        round(sum(price), {{ var('minor_unit_digits') }}) as charge
    from rated
    group by local_month, person_id, cost_centre

),

-- Who changed name or department within a cost centre is shown as at the end of the month.
ranked as (

    select
        local_month,
        person_id,
        cost_centre,
        name,
        department,
        row_number() over (
            partition by local_month, person_id, cost_centre
            order by sent_at desc, message_id desc
        ) as place
    from rated

),

final as (

    select
        charged.local_month,
        charged.person_id,
        ranked.name,
        ranked.department,
        charged.cost_centre,
        '{{ var('currency') }}' as currency,
        charged.messages,
        charged.file_transfers,
        charged.charge
    from charged
    inner join ranked
        on
            charged.local_month = ranked.local_month
            and charged.person_id = ranked.person_id
            and charged.cost_centre = ranked.cost_centre
    where ranked.place = 1

)

select * from final
