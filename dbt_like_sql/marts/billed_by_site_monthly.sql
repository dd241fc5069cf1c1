{{ config(materialized='table', meta={'grain': 'local_month'}) }}

with lines as (

    select * from {{ ref('billed_lines_monthly') }}

),

final as (

    select
        local_month,
        site,
        legal_entity,
        currency,
        cast(sum(case when usage_type = 'message' then uses else 0 end) as bigint) as messages,
        cast(
            sum(case when usage_type = 'file_transfer' then uses else 0 end) as bigint
        ) as file_transfers,
        sum(cost) as cost,
        cast(sum(charge) as decimal(18, 3)) as charge
    from lines
    group by local_month, site, legal_entity, currency

)

select * from final
