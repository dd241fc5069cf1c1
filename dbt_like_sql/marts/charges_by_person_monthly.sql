{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ ref('charge_lines_monthly') }}

),

charged as (

    select
        local_month,
        person_id,
        cost_centre,
        legal_entity,
        currency,
        cast(sum(case when usage_type = 'message' then uses else 0 end) as bigint) as messages,
        cast(
            sum(case when usage_type = 'file_transfer' then uses else 0 end) as bigint
        ) as file_transfers,
        sum(cost) as cost,
        cast(sum(charge) as decimal(18, 3)) as charge
    from lines
    group by local_month, person_id, cost_centre, legal_entity, currency

),

-- Who changed name or department within a cost centre is shown as at the last use of the month.
ranked as (

    select
        local_month,
        person_id,
        cost_centre,
        legal_entity,
        name,
        department,
        row_number() over (
            partition by local_month, person_id, cost_centre, legal_entity
            order by last_sent_at desc nulls last, department asc, name asc
        ) as place
    from lines

),

final as (

    select
        charged.local_month,
        charged.person_id,
        ranked.name,
        ranked.department,
        charged.cost_centre,
        charged.legal_entity,
        charged.currency,
        charged.messages,
        charged.file_transfers,
        charged.cost,
        charged.charge
    from charged
    inner join ranked
        on
            charged.local_month = ranked.local_month
            and charged.person_id = ranked.person_id
            and charged.cost_centre = ranked.cost_centre
            and charged.legal_entity = ranked.legal_entity
    where ranked.place = 1

)

select * from final
