{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select
        *,
        -- Numbers of a legal entity do not rise as texts: after 99999 comes 100000.
        concat(
            split_part(number, '-', -2), lpad(split_part(number, '-', -1), 12, '0')
        ) as year_and_place
    from {{ ref('billed_lines_monthly') }}

),

final as (

    select
        local_month,
        person_id,
        max_by(name, year_and_place) as name,
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

)

select * from final
